import type { RequestView } from '@aria/indexer/api'
import { Badge, type Tone } from '../../components/ui/badge.tsx'

const SHOWN: Record<RequestView['state'], { text: string; tone: Tone; title: string }> = {
  signed: { text: 'Signed', tone: 'neutral', title: 'The provider’s signed receipt was seen' },
  committed: { text: 'Committed', tone: 'info', title: 'Under the epoch’s receipt root on chain' },
  passed: { text: 'Passed', tone: 'good', title: 'Re-executed by an auditor: every token matches' },
  failed: { text: 'Failed', tone: 'bad', title: 'Re-executed by an auditor: the answer differs' },
}

export function RequestState({ state }: { state: RequestView['state'] }) {
  const { text, tone, title } = SHOWN[state]
  return (
    <Badge tone={tone} title={title}>
      {text}
    </Badge>
  )
}
