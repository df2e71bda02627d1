import {
  type Address,
  AriaError,
  type AuditItem,
  type AuditRequest,
  auditReply,
  auditRequest,
  decodeFrame,
  encodeFrame,
  leafAt,
  sumLeaf,
  sumProof,
  toAriaError,
} from '@aria/sdk/protocol'
import type { ReceiptStore } from '../payments/receipts.ts'

export interface AuditComponents {
  receipts: Pick<ReceiptStore, 'leaves' | 'root' | 'transcript'>
  /** Verifiers drawn for this provider. @throws AriaError when the draw is not known yet. */
  isDrawn(epoch: number, node: Address): Promise<boolean>
}

/**
 * Transcripts of sampled receipts with their places in the committed tree: one frame per asked position, in order.
 * Only a drawn verifier gets them, because they hold what clients asked.
 */
export async function* answerAudit(
  frame: Uint8Array,
  node: Address,
  components: AuditComponents,
): AsyncGenerator<Uint8Array> {
  const asked = decodeFrame(auditRequest, frame, 'auditRequest')
  try {
    await checkAsker(asked, node, components)
    for (const item of findItems(asked, components.receipts))
      yield encodeFrame(auditReply, { item, reject: null })
  } catch (thrown) {
    const { code, message } = toAriaError(thrown)
    const reject = { code, message: message.slice(0, 400), retryAfterMs: 0 }
    yield encodeFrame(auditReply, { item: null, reject })
  }
}

async function checkAsker(
  { epoch }: AuditRequest,
  node: Address,
  components: AuditComponents,
): Promise<void> {
  if (components.receipts.root(epoch)?.state !== 'committed') {
    throw new AriaError('not_found', `No root of epoch ${epoch} is committed.`, { facts: { epoch } })
  }
  if (await components.isDrawn(epoch, node)) return
  throw new AriaError('not_found', `Peer ${node} was not drawn to audit epoch ${epoch}.`, {
    facts: { epoch, node },
  })
}

function* findItems(
  { epoch, positions }: AuditRequest,
  receipts: AuditComponents['receipts'],
): Generator<AuditItem> {
  const stored = receipts.leaves(epoch)
  const leaves = stored.map(({ hash, tokens }) => sumLeaf(hash, tokens))
  for (const position of positions) {
    const leafIndex = leafAt(leaves, position)
    const leaf = stored[leafIndex]
    const transcript = leaf && receipts.transcript(leaf.cursor)
    if (transcript === undefined) {
      throw new AriaError('not_found', `No transcript covers position ${position} of epoch ${epoch}.`, {
        facts: { epoch, position },
        hint: 'Positions lie below the committed token count; transcripts are kept for the challenge window.',
      })
    }
    yield { position, leafIndex, proof: sumProof(leaves, leafIndex), ...transcript }
  }
}
