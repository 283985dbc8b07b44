// Commands are found by words of either language, and the arrow keys go round.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitting, moved } from './choices.ts'

const choices = [
  { id: 'audit', group: 'commands', label: 'Go to Audit trail', words: '审计记录' },
  { id: 'leave', group: 'commands', label: 'Sign out', words: '退出登录' },
] as const

test('finds commands by every word, in any case and either language', () => {
  const ids = (typed: string) => fitting(choices, typed).map(({ id }) => id)
  assert.deepEqual(ids(''), ['audit', 'leave'])
  assert.deepEqual(ids('TRAIL go'), ['audit'])
  assert.deepEqual(ids('退出'), ['leave'])
  assert.deepEqual(ids('trail out'), [])
})

test('moves round the ends and ignores other keys', () => {
  assert.deepEqual([moved('ArrowDown', 1, 2), moved('ArrowUp', 0, 2), moved('ArrowDown', 0, 2)], [0, 1, 1])
  assert.deepEqual([moved('a', 0, 2), moved('ArrowDown', 0, 0)], [undefined, undefined])
})
