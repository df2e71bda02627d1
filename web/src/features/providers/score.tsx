const SCORE_MAX = 100
/** Below this the protocol pays no rewards (Rewards: weight 0). */
const SCORE_REWARDED = 90

/** The median score of a finalized epoch, with a bar of its size. */
export function Score({ score }: { score: number | null }) {
  if (score === null) {
    return (
      <span className="text-faint" title="No finalized epoch yet">
        –
      </span>
    )
  }
  const color = score >= SCORE_REWARDED ? 'bg-good' : 'bg-bad'
  return (
    <span className="inline-flex items-center gap-2" title={`${score} of ${SCORE_MAX}`}>
      <span aria-hidden="true" className="h-1 w-10 overflow-hidden rounded-full bg-line">
        <span className={`block h-full ${color}`} style={{ width: `${score}%` }} />
      </span>
      <span className={score >= SCORE_REWARDED ? '' : 'text-bad'}>{score}</span>
    </span>
  )
}
