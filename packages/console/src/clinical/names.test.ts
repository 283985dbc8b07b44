// Names of Chinese and other people, from parts or from a text, official before others.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameFor, nameOf, otherNamesOf } from './names.ts'

test('writes Chinese names family first without a space, others given names first', () => {
  assert.equal(nameOf([{ family: '张', given: ['三'] }]), '张三')
  assert.equal(nameOf([{ family: '欧阳', given: ['建国'], text: 'Ouyang Jianguo' }]), '欧阳建国')
  assert.equal(nameOf([{ family: 'Müller', given: ['Zoë', 'Ann'] }]), 'Zoë Ann Müller')
  assert.equal(nameOf([{ family: 'Smith', given: ['Mary'], prefix: ['Dr'] }]), 'Dr Mary Smith')
  assert.equal(nameOf([{ family: 'Smith', given: ['Mary'], text: 'Mary J. Smith' }]), 'Mary J. Smith')
})

test('takes the official name first and an old one last', () => {
  const names = [
    { use: 'old', family: 'Old', given: ['A'] },
    { use: 'nickname', text: 'Annie' },
    { use: 'official', family: 'New', given: ['A'] },
  ]
  assert.equal(nameOf(names), 'A New')
  assert.deepEqual(otherNamesOf(names), ['A Old', 'Annie'])
})

test('has none where none is recorded', () => {
  assert.equal(nameOf(undefined), undefined)
  assert.equal(nameOf([{ use: 'official' }, { text: ' ' }]), undefined)
})

test('shows the part of a name that the reader writes', () => {
  assert.equal(nameFor('zh', 'Dr Chen Wei 陈伟'), '陈伟')
  assert.equal(nameFor('en', 'Dr Chen Wei 陈伟'), 'Dr Chen Wei')
  assert.equal(nameFor('zh', 'Mary Smith'), 'Mary Smith')
  assert.equal(nameFor('en', '张三'), '张三')
})
