// Which addresses only this machine reaches.

const pattern = /^(127(\.\d{1,3}){3}|::1|localhost)$/

/** Says whether only this machine reaches a host. */
export const isLoopback = (host: string): boolean => pattern.test(host)
