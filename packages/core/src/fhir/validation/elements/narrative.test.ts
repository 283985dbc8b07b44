// Narratives: formatting passes, everything that acts does not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resource } from '../../types.ts'
import { errorsOf } from '../testing/examples.ts'

const xhtml = 'http://www.w3.org/1999/xhtml'
const narrative = (inside: string) => ({ status: 'generated', div: `<div xmlns="${xhtml}">${inside}</div>` })
const patient = (more: Record<string, unknown> = {}): Resource => ({ resourceType: 'Patient', id: 'p1', ...more })

const unsafe: readonly string[] = [
  '<script>alert(1)</script>',
  '<iframe src="http://x.org"></iframe>',
  '<object data="x"></object>',
  '<form action="http://x.org"><input name="x"/></form>',
  '<link rel="stylesheet" href="http://x.org/a.css"/>',
  '<style>p { }</style>',
  '<p onclick="x()">x</p>',
  '<img src="x.png" onerror="x()"/>',
  '<a href="javascript:x()">x</a>',
  '<a href=" JavaScript : x()">x</a>',
  '<a href="java&#10;script:x()">x</a>',
  '<a href="java&#x09;script:x()">x</a>',
  '<a href="&#1;javascript:x()">x</a>',
  '<a href="vbscript:x">x</a>',
  '<a href="data:text/html,x">x</a>',
  '<img src="data:image/svg+xml;base64,AAAA"/>',
  '<p style="width: expression(x())">x</p>',
  '<p style="background: url(javascript:x())">x</p>',
  '<p style="width: e\\78 pres/**/sion(x())">x</p>',
  '<p style="behavior: url(x.htc)">x</p>',
  '<svg xmlns="http://www.w3.org/2000/svg" onload="x()"></svg>',
  '<math xmlns="http://www.w3.org/1998/Math/MathML"></math>',
  '<x:script xmlns:x="http://www.w3.org/1999/xhtml">x</x:script>',
  '<?php x ?>',
  '<p>x',
  '<p>x</b>',
  '&undefined;',
  '<b>'.repeat(300) + '</b>'.repeat(300),
]

for (const content of unsafe) {
  test(`refuses ${content.slice(0, 80)} in a narrative`, () => {
    const [first] = errorsOf(patient({ text: narrative(content) }))
    assert.equal(first, 'txt-1 Patient.text.div')
  })
}

test('accepts what formats a narrative', () => {
  const content =
    '<p style="color: red" title="x">&nbsp;x &lt; y<br/></p><table border="1"><tr><td colspan="2">x</td></tr></table>' +
    '<a name="x"> </a><a href="http://x.org">x</a><a href="#x">x</a><img src="data:image/png;base64,AAAA" alt="x"/><!-- x -->'
  assert.deepEqual(errorsOf(patient({ text: narrative(content) })), [])
  assert.deepEqual(errorsOf(patient({ text: narrative(' <p> </p> ') })), ['txt-2 Patient.text.div'])
})

test('leaves a broken narrative after five findings', () => {
  for (const content of ['<'.repeat(240_000), '<!--'.repeat(60_000), '<p/></b>'.repeat(30_000), '&x;'.repeat(60_000)]) {
    const startMs = performance.now()
    assert.equal(errorsOf(patient({ text: narrative(content) })).length, 5, content.slice(0, 8))
    assert.ok(performance.now() - startMs < 250, content.slice(0, 8))
  }
})
