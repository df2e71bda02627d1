import { ChainFacts } from '../features/network/chain-facts.tsx'
import { ContractList } from '../features/network/contract-list.tsx'

export function Footer() {
  return (
    <footer className="border-line border-t text-[0.8125rem]">
      <div className="mx-auto flex max-w-[1240px] flex-col gap-4 px-4 py-6 sm:px-6">
        <ChainFacts />
        <ContractList />
      </div>
    </footer>
  )
}
