// Ports against connections that say nothing, and against pipelines that ask for everything at once.
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { openPort } from './listener.ts'

/** What a raw connection is answered until the other side ends it, or until `isEnough`. */
function talk(port: number, text: string, isEnough: (answer: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    const end = (): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('data', (chunk) => {
      answer += chunk
      if (isEnough(answer)) end()
    })
    socket.on('close', end)
    socket.on('error', reject)
  })
}

test('a pipeline longer than a handful is refused, a short one is served in order', async () => {
  let begun = 0
  const port = await openPort({ host: '127.0.0.1', port: 0, setting: 'PORT' }, (request, response) => {
    begun += 1
    setTimeout(() => response.end(request.url), 30)
  })
  const pipeline = (length: number): string =>
    Array.from({ length }, (_, n) => `GET /${n} HTTP/1.1\r\nHost: x\r\n\r\n`).join('')
  const short = await talk(port.port, pipeline(5), (answer) => answer.includes('/4'))
  assert.deepEqual(short.match(/\/\d+(?=HTTP|$)/g), ['/0', '/1', '/2', '/3', '/4'])
  begun = 0
  const long = await talk(port.port, pipeline(200), () => false)
  assert.ok(begun <= 16, `${begun} were begun`)
  assert.match(long, /^HTTP\/1.1 200/)
  assert.match(long, /HTTP\/1.1 503/)
  await port.close()
})
