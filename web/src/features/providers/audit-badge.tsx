import type { AuditState } from '@aria/indexer/api'
import { Badge, type Tone } from '../../components/ui/badge.tsx'

const SHOWN: Record<AuditState, { text: string; tone: Tone }> = {
  none: { text: 'Not audited', tone: 'neutral' },
  passed: { text: 'Passed', tone: 'good' },
  failed: { text: 'Failed', tone: 'bad' },
}

export function AuditBadge({ audit }: { audit: AuditState }) {
  const { text, tone } = SHOWN[audit]
  return <Badge tone={tone}>{text}</Badge>
}
