// Discovery by names: the door.
export { createDnsRegistry, type DnsRegistry, type DnsRegistryOptions } from './dns-registry.ts'
