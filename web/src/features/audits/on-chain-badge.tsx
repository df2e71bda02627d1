import type { AuditView } from '@aria/indexer/api'
import { Badge, type Tone } from '../../components/ui/badge.tsx'

const SHOWN: Record<AuditView['onChain'], { text: string; tone: Tone; title: string }> = {
  pending: { text: 'Pending', tone: 'neutral', title: 'Checked; not yet committed on chain' },
  committed: { text: 'Committed', tone: 'info', title: 'The score’s hash is on chain' },
  revealed: { text: 'Revealed', tone: 'good', title: 'The score is on chain' },
  missed: { text: 'Missed', tone: 'warn', title: 'The window closed before the score was revealed' },
}

export function OnChainBadge({ onChain }: { onChain: AuditView['onChain'] }) {
  const { text, tone, title } = SHOWN[onChain]
  return (
    <Badge tone={tone} title={title}>
      {text}
    </Badge>
  )
}
