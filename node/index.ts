export { type GatewayConfig, gatewayConfig, type ProviderConfig, providerConfig } from './config.ts'
export { type ManifestOptions, type ModelManifest, modelManifest } from './inference/manifest.ts'
export { createLog, type Log, silentLog } from './observe/log.ts'
export { type Provider, type ProviderComponents, type ProviderInfo, startProvider } from './provider.ts'
