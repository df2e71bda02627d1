import { type Address, type Hex, toHex } from '@aria/sdk/protocol'
import { type HDAccount, mnemonicToAccount } from 'viem/accounts'

/** The mnemonic every development chain funds; worthless anywhere else. */
export const DEV_MNEMONIC = 'test test test test test test test test test test test junk'
/** Accounts the local chain funds with ether; covers every role below. */
export const DEV_ACCOUNTS = 64

export interface Key {
  address: Address
  privateKey: Hex
}

function key(index: number): Key {
  const account: HDAccount = mnemonicToAccount(DEV_MNEMONIC, { addressIndex: index })
  return {
    address: account.address.toLowerCase() as Address,
    privateKey: toHex(account.getHdKey().privateKey!),
  }
}

/** Who is who on the local chain. Operators (cold) and their node keys differ, as in production. */
export const roles = {
  deployer: () => key(0),
  client: () => key(1),
  beacon: () => key(2),
  providerOperator: (index: number) => key(10 + index),
  providerNode: (index: number) => key(20 + index),
  auditorOperator: (index: number) => key(30 + index),
  auditorNode: (index: number) => key(40 + index),
}

/** Beyond the funded ones: markets with more people than roles give them ether themselves. */
export const extraAccount = (index: number): Key => key(DEV_ACCOUNTS + index)
