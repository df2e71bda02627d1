import { type Address, type ErrorCode, type Hex, toAriaError } from '@aria/sdk/protocol'
import type { Logger } from 'pino'
import { auditProvider, type CommittedEpoch, type ProviderAuditComponents } from './audit-provider.ts'
import type { AuditsContract } from './audits-contract.ts'
import type { Verdict } from './verdict.ts'

export interface AttemptComponents extends ProviderAuditComponents {
  contract: AuditsContract
  log: Logger
}

/** What one try at one provider came to. */
export type Outcome =
  | { kind: 'verdict'; verdict: Verdict }
  /** The provider did not serve; it may later. */
  | { kind: 'unserved'; reason: string }
  /** No verdict is possible here, ever: not the provider's fault. */
  | { kind: 'abstain' }
  /** Our own trouble: says nothing about the provider. */
  | { kind: 'trouble' }

/** Not served, or not in a form that can be judged: the provider's to answer for. */
const UNSERVED: ReadonlySet<ErrorCode> = new Set([
  'provider_failed',
  'provider_timeout',
  'bad_frame',
  'frame_too_large',
  'bad_offer',
])

export interface Limits {
  stopping: AbortSignal
  /** Aborts at the auditor's own deadline. What it cut off says nothing about the provider. */
  time: AbortSignal
}

/** Tries once to audit one provider. Only the provider's own failures count against it. */
export async function attempt(
  components: AttemptComponents,
  verifier: Address,
  root: CommittedEpoch,
  rand: Hex,
  { stopping, time }: Limits,
): Promise<Outcome> {
  const { epoch, provider } = root
  const signal = AbortSignal.any([stopping, time])
  try {
    const samples = await components.contract.sampleCount(root.count)
    const verdict = await auditProvider(components, { verifier, root, rand, samples, signal })
    return { kind: 'verdict', verdict }
  } catch (thrown) {
    if (stopping.aborted) throw thrown
    if (time.aborted) return { kind: 'trouble' }
    const { code, message } = toAriaError(thrown)
    const facts = { epoch, provider, code, reason: message }
    if (code === 'unknown_model') {
      components.log.warn(facts, 'No verdict: the model is not here')
      return { kind: 'abstain' }
    }
    if (UNSERVED.has(code)) {
      components.log.debug(facts, 'Transcripts not served yet')
      return { kind: 'unserved', reason: message }
    }
    components.log.error({ ...facts, err: thrown }, 'Audit failed on our side')
    return { kind: 'trouble' }
  }
}
