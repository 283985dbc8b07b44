// The health check of the image: asks this container's own port whether it lives; exit code 0 or 1. Plain JavaScript, nothing to load.
import { get } from 'node:http'
import { connect } from 'node:net'

const limitMs = 4000
const {
  SERVICES = '',
  PORT = '8080',
  SERVICE_PORT = '8000',
  SERVICE_HOST = '127.0.0.1',
  HOST = '127.0.0.1',
} = process.env
const names = SERVICES.split(/[\s,]+/).filter((name) => name !== '')
const isEdge = names.length === 0 || names.includes('gateway')
const given = isEdge ? HOST : SERVICE_HOST
const host = given === '0.0.0.0' || given === '::' ? '127.0.0.1' : given
const port = Number(isEdge ? PORT : SERVICE_PORT)

const end = (isAlive) => process.exit(isAlive ? 0 : 1)
setTimeout(end, limitMs, false)

// A port that speaks TLS asks for a certificate that this check has not; that it takes connections must do.
function connects() {
  connect({ host, port }, () => end(true)).on('error', () => end(false))
}

get({ host, port, path: '/health/live' }, ({ statusCode }) => end(statusCode === 200)).on('error', ({ code }) =>
  code === 'ECONNREFUSED' ? end(false) : connects(),
)
