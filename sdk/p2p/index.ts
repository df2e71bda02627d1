export * from './framed.ts'
export * from './host.ts'
export * from './identity.ts'
export * from './offers.ts'
