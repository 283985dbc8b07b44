// The door to our client for HTTP/1.1: what the gateway sends its requests on with. General clients cost several times as
// much per request (`bench/gateway.ts` compares), and a gateway does little else.
export { type Fields, fieldOf } from './answer-parser.ts'
export type { AnswerTaker, ServiceRequest } from './connection.ts'
export { type Connections, createConnections, type Sending } from './connections.ts'
