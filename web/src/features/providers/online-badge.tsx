import { Badge } from '../../components/ui/badge.tsx'

export function OnlineBadge({ online }: { online: boolean }) {
  return online ? (
    <Badge tone="good" title="An unexpired signed offer was heard">
      Online
    </Badge>
  ) : (
    <Badge tone="neutral" title="No unexpired signed offer was heard">
      Offline
    </Badge>
  )
}
