-- The contracts changed, so there is a new deployment: what mirrored the old one is read afresh.
TRUNCATE "blocks", "ingest_cursor", "auditor_rounds", "auditor_verdicts", "auditor_samples" CASCADE;--> statement-breakpoint
ALTER TABLE "auditor_verdicts" ADD COLUMN "capacity" smallint NOT NULL;--> statement-breakpoint
ALTER TABLE "audits_finalized" ADD COLUMN "capacity" smallint NOT NULL;--> statement-breakpoint
ALTER TABLE "audits_finalized" ADD COLUMN "worked" boolean NOT NULL;--> statement-breakpoint
ALTER TABLE "audits_root_committed" ADD COLUMN "model" text NOT NULL;--> statement-breakpoint
ALTER TABLE "audits_scored" ADD COLUMN "capacity" smallint NOT NULL;--> statement-breakpoint
ALTER TABLE "escrow_fees_burned" ADD COLUMN "payee" text NOT NULL;--> statement-breakpoint
ALTER TABLE "escrow_fees_burned" ADD COLUMN "epoch" bigint NOT NULL;--> statement-breakpoint
ALTER TABLE "escrow_fees_burned" ADD COLUMN "rewardable" numeric(78, 0) NOT NULL;--> statement-breakpoint
CREATE INDEX "escrow_fees_burned_payee" ON "escrow_fees_burned" USING btree ("payee");