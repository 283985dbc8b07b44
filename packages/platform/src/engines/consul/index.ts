// The door to a registry in Consul's HTTP shape: our own in another process, or a real Consul.
export { type ConsulAddress, registryOrigins } from './consul-http.ts'
export { type ConsulRegistry, type ConsulRegistryOptions, createConsulRegistry } from './consul-registry.ts'
export { followKeys, type KeyStore, type KeyValues, openKeys } from './keys.ts'
