CREATE TABLE "auditor_rounds" (
	"verifier" text NOT NULL,
	"epoch" bigint NOT NULL,
	"salt" text NOT NULL,
	"rows" jsonb NOT NULL,
	"commitment" text NOT NULL,
	CONSTRAINT "auditor_rounds_verifier_epoch_pk" PRIMARY KEY("verifier","epoch")
);
--> statement-breakpoint
CREATE TABLE "auditor_samples" (
	"verifier" text NOT NULL,
	"receipt_hash" text NOT NULL,
	"epoch" bigint NOT NULL,
	"provider" text NOT NULL,
	"passed" boolean NOT NULL,
	"reason" text,
	CONSTRAINT "auditor_samples_verifier_receipt_hash_pk" PRIMARY KEY("verifier","receipt_hash")
);
--> statement-breakpoint
CREATE TABLE "auditor_verdicts" (
	"verifier" text NOT NULL,
	"epoch" bigint NOT NULL,
	"provider" text NOT NULL,
	"score" smallint NOT NULL,
	"digest" text NOT NULL,
	"sampled" integer NOT NULL,
	"passed" integer NOT NULL,
	"failed" integer NOT NULL,
	"reason" text,
	"decided_at" bigint NOT NULL,
	CONSTRAINT "auditor_verdicts_verifier_epoch_provider_pk" PRIMARY KEY("verifier","epoch","provider")
);
--> statement-breakpoint
CREATE TABLE "audits_audit_committed" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"epoch" bigint NOT NULL,
	"verifier" text NOT NULL,
	"commitment" text NOT NULL,
	CONSTRAINT "audits_audit_committed_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "audits_finalized" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"epoch" bigint NOT NULL,
	"provider" text NOT NULL,
	"score" smallint NOT NULL,
	"carried" boolean NOT NULL,
	"weight" numeric(78, 0) NOT NULL,
	CONSTRAINT "audits_finalized_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "audits_root_committed" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"epoch" bigint NOT NULL,
	"provider" text NOT NULL,
	"root" text NOT NULL,
	"tokens" numeric(78, 0) NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "audits_root_committed_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "audits_scored" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"epoch" bigint NOT NULL,
	"provider" text NOT NULL,
	"verifier" text NOT NULL,
	"score" smallint NOT NULL,
	"digest" text NOT NULL,
	CONSTRAINT "audits_scored_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "beacon_submitted" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"round" numeric(78, 0) NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "beacon_submitted_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "blocks" (
	"number" bigint PRIMARY KEY NOT NULL,
	"hash" text NOT NULL,
	"parent_hash" text NOT NULL,
	"time" bigint NOT NULL,
	"event_count" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ingest_cursor" (
	"only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"chain_id" bigint NOT NULL,
	"escrow" text NOT NULL,
	"genesis" bigint NOT NULL,
	"deployment_hash" text NOT NULL,
	"block_number" bigint NOT NULL,
	"block_hash" text NOT NULL,
	"block_time" bigint NOT NULL,
	"escrow_balance" numeric(78, 0)
);
--> statement-breakpoint
CREATE TABLE "escrow_closed" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"channel_id" text NOT NULL,
	"payer" text NOT NULL,
	"refund" numeric(78, 0) NOT NULL,
	CONSTRAINT "escrow_closed_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "escrow_deposited" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"channel_id" text NOT NULL,
	"payer" text NOT NULL,
	"payee" text NOT NULL,
	"signer" text NOT NULL,
	"salt" numeric(78, 0) NOT NULL,
	"amount" numeric(78, 0) NOT NULL,
	"balance" numeric(78, 0) NOT NULL,
	CONSTRAINT "escrow_deposited_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "escrow_fee_changed" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"fee_ppm" bigint NOT NULL,
	CONSTRAINT "escrow_fee_changed_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "escrow_fees_burned" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"amount" numeric(78, 0) NOT NULL,
	CONSTRAINT "escrow_fees_burned_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "escrow_paid_out" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"payee" text NOT NULL,
	"to" text NOT NULL,
	"amount" numeric(78, 0) NOT NULL,
	CONSTRAINT "escrow_paid_out_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "escrow_redeemed" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"channel_id" text NOT NULL,
	"payee" text NOT NULL,
	"claimed" numeric(78, 0) NOT NULL,
	"delta" numeric(78, 0) NOT NULL,
	"fee" numeric(78, 0) NOT NULL,
	CONSTRAINT "escrow_redeemed_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "escrow_refunded" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"payer" text NOT NULL,
	"to" text NOT NULL,
	"amount" numeric(78, 0) NOT NULL,
	CONSTRAINT "escrow_refunded_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "escrow_skipped" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"channel_id" text NOT NULL,
	"reason" smallint NOT NULL,
	CONSTRAINT "escrow_skipped_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "escrow_thaw_cancelled" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"channel_id" text NOT NULL,
	CONSTRAINT "escrow_thaw_cancelled_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "escrow_thawing" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"channel_id" text NOT NULL,
	"thaw_end" bigint NOT NULL,
	CONSTRAINT "escrow_thawing_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "escrow_withdrawn" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"channel_id" text NOT NULL,
	"to" text NOT NULL,
	"amount" numeric(78, 0) NOT NULL,
	CONSTRAINT "escrow_withdrawn_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "models_model_registered" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"model_id" text NOT NULL,
	"by" text NOT NULL,
	"weights_root" text NOT NULL,
	"tokenizer_hash" text NOT NULL,
	"spec_hash" text NOT NULL,
	"engine_major" bigint NOT NULL,
	"layers" bigint NOT NULL,
	"d_model" bigint NOT NULL,
	"d_ffn" bigint NOT NULL,
	"n_heads" bigint NOT NULL,
	"vocab" bigint NOT NULL,
	"max_context" bigint NOT NULL,
	CONSTRAINT "models_model_registered_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "models_rewardable" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"model_id" text NOT NULL,
	"rewardable" boolean NOT NULL,
	"from_epoch" bigint NOT NULL,
	CONSTRAINT "models_rewardable_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "offers" (
	"node" text PRIMARY KEY NOT NULL,
	"operator" text NOT NULL,
	"payee" text NOT NULL,
	"model_id" text NOT NULL,
	"engine_major" bigint NOT NULL,
	"price_per_input_token" numeric(78, 0) NOT NULL,
	"price_per_output_token" numeric(78, 0) NOT NULL,
	"context_max" bigint NOT NULL,
	"slots_free" bigint NOT NULL,
	"sequence" numeric(78, 0) NOT NULL,
	"valid_until" bigint NOT NULL,
	"multiaddrs" jsonb NOT NULL,
	"signature" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "receipt_feeds" (
	"node" text PRIMARY KEY NOT NULL,
	"cursor" numeric(78, 0) NOT NULL,
	"checked_at" bigint NOT NULL,
	"refused" integer NOT NULL,
	"failure" text
);
--> statement-breakpoint
CREATE TABLE "receipts" (
	"receipt_hash" text PRIMARY KEY NOT NULL,
	"operator" text NOT NULL,
	"node" text NOT NULL,
	"feed_cursor" numeric(78, 0) NOT NULL,
	"request_id" text NOT NULL,
	"request_hash" text NOT NULL,
	"channel_id" text NOT NULL,
	"model_id" text NOT NULL,
	"prompt_commit" text NOT NULL,
	"output_root" text NOT NULL,
	"sampling_hash" text NOT NULL,
	"seed" numeric(78, 0) NOT NULL,
	"temperature" integer NOT NULL,
	"top_k" integer NOT NULL,
	"top_p" integer NOT NULL,
	"input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"max_output_tokens" bigint NOT NULL,
	"base" numeric(78, 0) NOT NULL,
	"cumulative_due" numeric(78, 0) NOT NULL,
	"finish" smallint NOT NULL,
	"started_at" bigint NOT NULL,
	"ended_at" bigint NOT NULL,
	"epoch" bigint NOT NULL,
	"receipt_signature" text NOT NULL,
	"request_signature" text NOT NULL,
	"root_epoch" bigint,
	"root" text,
	"leaf_index" integer
);
--> statement-breakpoint
CREATE TABLE "rewards_claimed" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"epoch" bigint NOT NULL,
	"operator" text NOT NULL,
	"payout" text NOT NULL,
	"availability" numeric(78, 0) NOT NULL,
	"work" numeric(78, 0) NOT NULL,
	"verification" numeric(78, 0) NOT NULL,
	CONSTRAINT "rewards_claimed_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "rewards_pool_opened" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"epoch" bigint NOT NULL,
	"emission" numeric(78, 0) NOT NULL,
	"availability_bps" bigint NOT NULL,
	"work_bps" bigint NOT NULL,
	"verification_bps" bigint NOT NULL,
	"treasury_bps" bigint NOT NULL,
	"kappa_bps" bigint NOT NULL,
	CONSTRAINT "rewards_pool_opened_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "rewards_split_changed" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"availability_bps" bigint NOT NULL,
	"work_bps" bigint NOT NULL,
	"verification_bps" bigint NOT NULL,
	"treasury_bps" bigint NOT NULL,
	"kappa_bps" bigint NOT NULL,
	CONSTRAINT "rewards_split_changed_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "rewards_treasury_paid" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"epoch" bigint NOT NULL,
	"treasury" text NOT NULL,
	"amount" numeric(78, 0) NOT NULL,
	CONSTRAINT "rewards_treasury_paid_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "staking_jail_set" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"operator" text NOT NULL,
	"until" bigint NOT NULL,
	CONSTRAINT "staking_jail_set_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "staking_key_rotated" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"operator" text NOT NULL,
	"old_node" text NOT NULL,
	"new_node" text NOT NULL,
	CONSTRAINT "staking_key_rotated_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "staking_registered" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"operator" text NOT NULL,
	"kind" smallint NOT NULL,
	"node" text NOT NULL,
	"payout" text NOT NULL,
	CONSTRAINT "staking_registered_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "staking_slashed" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"operator" text NOT NULL,
	"reason" smallint NOT NULL,
	"amount" numeric(78, 0) NOT NULL,
	"burned" numeric(78, 0) NOT NULL,
	"bounty" numeric(78, 0) NOT NULL,
	CONSTRAINT "staking_slashed_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "staking_slot_closed" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"slot" bigint NOT NULL,
	"operator" text NOT NULL,
	"until_epoch" bigint NOT NULL,
	CONSTRAINT "staking_slot_closed_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "staking_slot_opened" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"slot" bigint NOT NULL,
	"operator" text NOT NULL,
	"from_epoch" bigint NOT NULL,
	CONSTRAINT "staking_slot_opened_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "staking_staked" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"operator" text NOT NULL,
	"amount" numeric(78, 0) NOT NULL,
	"stake" numeric(78, 0) NOT NULL,
	"from_epoch" bigint NOT NULL,
	CONSTRAINT "staking_staked_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "staking_unbond_cancelled" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"operator" text NOT NULL,
	"amount" numeric(78, 0) NOT NULL,
	"stake" numeric(78, 0) NOT NULL,
	CONSTRAINT "staking_unbond_cancelled_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "staking_unbonding" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"operator" text NOT NULL,
	"amount" numeric(78, 0) NOT NULL,
	"unbonding" numeric(78, 0) NOT NULL,
	"unbond_end" bigint NOT NULL,
	CONSTRAINT "staking_unbonding_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
CREATE TABLE "staking_withdrawn" (
	"block_number" bigint NOT NULL,
	"log_index" integer NOT NULL,
	"operator" text NOT NULL,
	"to" text NOT NULL,
	"amount" numeric(78, 0) NOT NULL,
	CONSTRAINT "staking_withdrawn_block_number_log_index_pk" PRIMARY KEY("block_number","log_index")
);
--> statement-breakpoint
ALTER TABLE "audits_audit_committed" ADD CONSTRAINT "audits_audit_committed_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audits_finalized" ADD CONSTRAINT "audits_finalized_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audits_root_committed" ADD CONSTRAINT "audits_root_committed_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audits_scored" ADD CONSTRAINT "audits_scored_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "beacon_submitted" ADD CONSTRAINT "beacon_submitted_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escrow_closed" ADD CONSTRAINT "escrow_closed_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escrow_deposited" ADD CONSTRAINT "escrow_deposited_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escrow_fee_changed" ADD CONSTRAINT "escrow_fee_changed_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escrow_fees_burned" ADD CONSTRAINT "escrow_fees_burned_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escrow_paid_out" ADD CONSTRAINT "escrow_paid_out_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escrow_redeemed" ADD CONSTRAINT "escrow_redeemed_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escrow_refunded" ADD CONSTRAINT "escrow_refunded_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escrow_skipped" ADD CONSTRAINT "escrow_skipped_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escrow_thaw_cancelled" ADD CONSTRAINT "escrow_thaw_cancelled_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escrow_thawing" ADD CONSTRAINT "escrow_thawing_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escrow_withdrawn" ADD CONSTRAINT "escrow_withdrawn_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "models_model_registered" ADD CONSTRAINT "models_model_registered_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "models_rewardable" ADD CONSTRAINT "models_rewardable_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rewards_claimed" ADD CONSTRAINT "rewards_claimed_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rewards_pool_opened" ADD CONSTRAINT "rewards_pool_opened_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rewards_split_changed" ADD CONSTRAINT "rewards_split_changed_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rewards_treasury_paid" ADD CONSTRAINT "rewards_treasury_paid_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "staking_jail_set" ADD CONSTRAINT "staking_jail_set_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "staking_key_rotated" ADD CONSTRAINT "staking_key_rotated_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "staking_registered" ADD CONSTRAINT "staking_registered_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "staking_slashed" ADD CONSTRAINT "staking_slashed_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "staking_slot_closed" ADD CONSTRAINT "staking_slot_closed_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "staking_slot_opened" ADD CONSTRAINT "staking_slot_opened_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "staking_staked" ADD CONSTRAINT "staking_staked_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "staking_unbond_cancelled" ADD CONSTRAINT "staking_unbond_cancelled_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "staking_unbonding" ADD CONSTRAINT "staking_unbonding_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "staking_withdrawn" ADD CONSTRAINT "staking_withdrawn_block_number_blocks_number_fk" FOREIGN KEY ("block_number") REFERENCES "public"."blocks"("number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "auditor_samples_receipt" ON "auditor_samples" USING btree ("receipt_hash");--> statement-breakpoint
CREATE INDEX "auditor_verdicts_epoch" ON "auditor_verdicts" USING btree ("epoch","provider","verifier");--> statement-breakpoint
CREATE INDEX "auditor_verdicts_provider" ON "auditor_verdicts" USING btree ("provider","epoch","verifier");--> statement-breakpoint
CREATE INDEX "audits_audit_committed_epoch" ON "audits_audit_committed" USING btree ("epoch","verifier");--> statement-breakpoint
CREATE INDEX "audits_finalized_provider" ON "audits_finalized" USING btree ("provider","epoch");--> statement-breakpoint
CREATE INDEX "audits_root_committed_epoch" ON "audits_root_committed" USING btree ("epoch","provider");--> statement-breakpoint
CREATE INDEX "audits_scored_epoch" ON "audits_scored" USING btree ("epoch","provider","verifier");--> statement-breakpoint
CREATE INDEX "audits_scored_provider" ON "audits_scored" USING btree ("provider","epoch","verifier");--> statement-breakpoint
CREATE INDEX "beacon_submitted_round" ON "beacon_submitted" USING btree ("round");--> statement-breakpoint
CREATE INDEX "blocks_time" ON "blocks" USING btree ("time");--> statement-breakpoint
CREATE INDEX "escrow_deposited_channel" ON "escrow_deposited" USING btree ("channel_id");--> statement-breakpoint
CREATE INDEX "escrow_paid_out_payee" ON "escrow_paid_out" USING btree ("payee");--> statement-breakpoint
CREATE INDEX "escrow_redeemed_payee" ON "escrow_redeemed" USING btree ("payee");--> statement-breakpoint
CREATE INDEX "offers_operator" ON "offers" USING btree ("operator");--> statement-breakpoint
CREATE UNIQUE INDEX "receipts_request" ON "receipts" USING btree ("request_hash");--> statement-breakpoint
CREATE INDEX "receipts_leaves" ON "receipts" USING btree ("operator","feed_cursor");--> statement-breakpoint
CREATE INDEX "receipts_newest" ON "receipts" USING btree ("ended_at","receipt_hash");--> statement-breakpoint
CREATE INDEX "receipts_operator_newest" ON "receipts" USING btree ("operator","ended_at","receipt_hash");--> statement-breakpoint
CREATE INDEX "receipts_epoch" ON "receipts" USING btree ("epoch","operator");--> statement-breakpoint
CREATE INDEX "rewards_claimed_operator" ON "rewards_claimed" USING btree ("operator","epoch");--> statement-breakpoint
CREATE INDEX "staking_key_rotated_operator" ON "staking_key_rotated" USING btree ("operator");--> statement-breakpoint
CREATE INDEX "staking_registered_node" ON "staking_registered" USING btree ("node");--> statement-breakpoint
CREATE INDEX "staking_registered_operator" ON "staking_registered" USING btree ("operator");--> statement-breakpoint
CREATE INDEX "staking_staked_operator" ON "staking_staked" USING btree ("operator");