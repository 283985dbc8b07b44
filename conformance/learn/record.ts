// Records small PyTorch runs as packages/core/src/learn/testing/torch-curves.json: node conformance/learn/record.ts
import { writeFileSync } from 'node:fs'
import { smallCurves } from '../../packages/core/src/learn/testing/curves.ts'
import { howToGetTorch, requestOf, torchPython, trainInTorch } from './torch-peer.ts'

const python = torchPython()
if (python === undefined) throw new Error(howToGetTorch)

const answers = trainInTorch(
  python,
  smallCurves.map((one) => requestOf(one, true)),
)
const recorded = smallCurves.flatMap((one, index) => {
  const answer = answers[index]
  if (!answer) return []
  const names = new Set(one.model.parameters.map(({ name }) => name))
  const weights = Object.entries(answer.weights).filter(([name]) => names.has(name))
  const rounded = weights.map(([name, values]) => [name, values.map((value) => Number(value.toPrecision(7)))] as const)
  return { name: one.name, torch: answer.torch, losses: answer.losses, weights: Object.fromEntries(rounded) }
})

const target = new URL('../../packages/core/src/learn/testing/torch-curves.json', import.meta.url)
writeFileSync(target, `${JSON.stringify(recorded)}\n`)
console.log(`recorded ${recorded.map(({ name }) => name).join(', ')}`)
