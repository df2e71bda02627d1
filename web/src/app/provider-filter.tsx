import { useQuery } from '@tanstack/react-query'
import { Select } from '../components/ui/select.tsx'
import { providersQuery } from '../features/providers/queries.ts'
import { shortHex } from '../lib/format.ts'

interface ProviderFilterProps {
  operator: string | undefined
  onChoose: (operator: string | undefined) => void
}

/** Chooses whose rows are shown. Without the list of providers it still shows the choice in force. */
export function ProviderFilter({ operator, onChoose }: ProviderFilterProps) {
  const { data = [] } = useQuery(providersQuery())
  const operators = new Set([...data.map(provider => provider.operator), ...(operator ? [operator] : [])])
  return (
    <Select
      label="Provider"
      value={operator ?? ''}
      onChange={event => onChoose(event.currentTarget.value || undefined)}
    >
      <option value="">All providers</option>
      {[...operators].map(value => (
        <option key={value} value={value}>
          {shortHex(value)}
        </option>
      ))}
    </Select>
  )
}
