// What is typed becomes the right FHIR search, and nothing typed can change its meaning.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { typedSearch } from './typed-search.ts'

test('reads what is typed as a name, a record number or a birth date', () => {
  assert.deepEqual(typedSearch(' 张三 '), [['name', '张三']])
  assert.deepEqual(typedSearch('zhang  san'), [['name', 'zhang san']])
  assert.deepEqual(typedSearch("O'Neill"), [['name', "O'Neill"]])
  assert.deepEqual(typedSearch('1980-05-15'), [['birthdate', '1980-05-15']])
  assert.deepEqual(typedSearch('zs-0001'), [['identifier', 'zs-0001,ZS-0001']])
  assert.deepEqual(typedSearch('  '), [])
})

test('takes the meaning from characters that FHIR search reads', () => {
  assert.deepEqual(typedSearch('a,b|c$d\\e'), [['name', 'a\\,b\\|c\\$d\\\\e']])
})
