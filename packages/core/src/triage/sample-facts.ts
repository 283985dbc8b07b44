// A small world for the tests of triage: eight findings, three conditions, rules of three levels.
import type { TriageFacts } from './facts.ts'

const both = (en: string) => ({ en, zh: `${en}(中文)` })
const symptom = (id: string, leak = 0.05) =>
  ({ id, kind: 'symptom', name: both(id), question: both(`${id}?`), synonyms: [], leak }) as const

/** The facts. */
export const sampleFacts: TriageFacts = {
  sources: [{ id: 'book', title: 'A book', licence: 'facts' }],
  departments: [
    { id: 'children', name: { en: 'Children', zh: '儿科' } },
    { id: 'chest', name: { en: 'Chest', zh: '呼吸内科' } },
    { id: 'general', name: { en: 'General', zh: '全科' } },
  ],
  referrals: [
    { from: 'J00', to: 'J99', maxAge: 14, department: 'children' },
    { from: 'J00', to: 'J99', department: 'chest' },
    { from: 'A00', to: 'Z99', department: 'general' },
  ],
  conditions: [
    {
      id: 'cold',
      name: { en: 'Cold', zh: '感冒' },
      icd10: 'J00',
      severity: 5,
      weight: 8,
      ageWeights: [1, 1, 1, 1, 1],
      femaleWeight: 1,
      maleWeight: 1,
    },
    {
      id: 'pneumonia',
      name: { en: 'Pneumonia', zh: '肺炎' },
      icd10: 'J18',
      severity: 3,
      weight: 2,
      ageWeights: [1, 0.5, 0.5, 1, 2],
      femaleWeight: 1,
      maleWeight: 1,
    },
    {
      id: 'heart-attack',
      name: { en: 'Heart attack', zh: '心肌梗死' },
      icd10: 'I21',
      severity: 1,
      weight: 1,
      ageWeights: [0.01, 0.01, 0.2, 1, 2],
      femaleWeight: 0.8,
      maleWeight: 1.2,
    },
  ],
  findings: [
    symptom('cough'),
    symptom('fever'),
    symptom('chest-pain', 0.02),
    { ...symptom('smoking', 0.2), kind: 'risk' },
    symptom('sweating'),
    symptom('itch'),
    symptom('rash'),
    { ...symptom('pain-spreads', 0.01), kind: 'danger' },
  ],
  presentsIn: [
    { finding: 'cough', condition: 'cold', p: 0.6, source: 'book' },
    { finding: 'cough', condition: 'pneumonia', p: 0.8, source: 'book' },
    { finding: 'fever', condition: 'cold', p: 0.4, source: 'book' },
    { finding: 'fever', condition: 'pneumonia', p: 0.8, source: 'book' },
    { finding: 'chest-pain', condition: 'pneumonia', p: 0.5, source: 'book' },
    { finding: 'chest-pain', condition: 'heart-attack', p: 0.9, source: 'book' },
    { finding: 'sweating', condition: 'heart-attack', p: 0.6, source: 'book' },
    { finding: 'smoking', condition: 'heart-attack', p: 0.3, source: 'book' },
  ],
  redFlags: [
    {
      id: 'spreading',
      level: 'ambulance',
      allOf: ['chest-pain', 'pain-spreads'],
      anyOf: [],
      askWhen: ['chest-pain'],
      text: both('Chest pain that spreads'),
      source: 'book',
    },
    {
      id: 'infant-fever',
      level: 'emergency',
      allOf: ['fever'],
      anyOf: [],
      askWhen: [],
      maxAge: 0.25,
      text: both('Fever in a young baby'),
    },
    { id: 'sweaty', level: 'urgent', allOf: ['sweating'], anyOf: [], askWhen: [], text: both('Sweating') },
  ],
  dangerVitals: [{ id: 'fast', vital: 'heart_rate', above: 100, minAge: 8, level: 'emergency', source: 'book' }],
}
