-- The contracts changed, so there is a new deployment: what mirrored the old one is read afresh.
TRUNCATE "blocks", "ingest_cursor", "auditor_rounds", "auditor_verdicts", "auditor_samples" CASCADE;--> statement-breakpoint
ALTER TABLE "escrow_deposited" DROP COLUMN "balance";
