// Readiness of a pod with several services: exit code 0 when each of the given ports says that it is ready. Plain JavaScript.
import { get } from 'node:http'

const limitMs = 4000
const { SERVICE_HOST = '127.0.0.1' } = process.env
const host = SERVICE_HOST === '0.0.0.0' || SERVICE_HOST === '::' ? '127.0.0.1' : SERVICE_HOST

function isReady(port) {
  return new Promise((resolve) => {
    get({ host, port, path: '/health/ready' }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    }).on('error', () => resolve(false))
  })
}

setTimeout(() => process.exit(1), limitMs)
const all = await Promise.all(process.argv.slice(2).map(Number).map(isReady))
process.exit(all.length > 0 && all.every((one) => one) ? 0 : 1)
