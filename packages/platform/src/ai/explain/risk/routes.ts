// HTTP of the in-hospital risk: reads the record, estimates, explains, and stores the assessment, all on the caller's behalf.
import { AppError } from '@xinglin/core/errors'
import { latestOf, measuredText, type ObservedStay, observeStay, percentText, vitals } from '@xinglin/core/explain/icu'
import { forcePlot, type PlotData, type PlotLanguage, waterfallPlot } from '@xinglin/core/explain/plot'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import type { Settings } from '../../../kernel/config.ts'
import type { Audit, CallService, Clock, Models } from '../../../kernel/ports.ts'
import type { Explainer } from '../explainer.ts'
import { estimators, guarded } from '../guard.ts'
import * as schemas from '../schemas.ts'
import type { explainSettings } from '../settings.ts'
import { type Estimate, estimateRisk } from './estimate.ts'
import { findSubject, observationsOf, type Subject, storeAssessment } from './record.ts'
import { limitsOf, riskAssessmentOf, sentenceOf } from './risk-assessment.ts'

/** What the routes need. */
export interface RiskRouteOptions {
  readonly audit: Audit
  readonly call: CallService
  readonly clock: Clock
  readonly models: Models
  readonly explainer: Explainer
  readonly settings: Settings<typeof explainSettings>
}

const paths = ['/explain/risk', '/api/v1/explain/risk']
const limitMs = 60_000
const bodyBytes = 4096

function plotData(stay: ObservedStay, estimate: Estimate, language: PlotLanguage): PlotData {
  const latest = latestOf(stay)
  const items = vitals.map((vital, at) => {
    const newest = latest[at]
    const shown =
      newest === undefined ? {} : { value: measuredText(vital, newest.value), href: `/fhir/${newest.reference}` }
    return { name: vital[language], contribution: estimate.contributions[at] ?? 0, ...shown }
  })
  return { base: estimate.base, prediction: estimate.risk, items }
}

function plotsOf(stay: ObservedStay, estimate: Estimate) {
  const draw = (plot: typeof forcePlot, language: PlotLanguage): string =>
    plot(plotData(stay, estimate, language), {
      ...{ language, what: language === 'en' ? 'Risk of death in hospital' : '院内死亡风险' },
      format: (value) => `${percentText(value)} %`,
    })
  return {
    force: { en: draw(forcePlot, 'en'), zh: draw(forcePlot, 'zh') },
    waterfall: { en: draw(waterfallPlot, 'en'), zh: draw(waterfallPlot, 'zh') },
  }
}

function contributionsOf(stay: ObservedStay, estimate: Estimate) {
  const latest = latestOf(stay)
  return vitals.map(({ name, en, zh, unit }, at) => {
    const newest = latest[at]
    const shown =
      newest === undefined
        ? null
        : { value: newest.value, unit, at: new Date(newest.atMs).toISOString(), reference: newest.reference }
    return { vital: name, name: { en, zh }, contribution: estimate.contributions[at] ?? 0, latest: shown }
  })
}

function bodyOf(parts: { subject: Subject; stay: ObservedStay; estimate: Estimate }, stored: string | undefined) {
  const { subject, stay, estimate } = parts
  const { risk, base, residual, method, model } = estimate
  return {
    sentence: sentenceOf(parts),
    ...{ risk, base, residual, method },
    contributions: contributionsOf(stay, estimate),
    limits: limitsOf(stay),
    model: { name: model.name, version: model.version ?? null },
    window: { start: new Date(stay.startMs).toISOString(), end: new Date(stay.endMs).toISOString() },
    patient: subject.patient,
    encounter: subject.encounter ?? null,
    left_out: stay.leftOut,
    risk_assessment: stored ?? null,
    plots: plotsOf(stay, estimate),
  }
}

/** The routes: `POST …/explain/risk`. */
export function riskRoutes(options: RiskRouteOptions): FastifyPluginAsync {
  const { audit, call, clock, models, explainer, settings } = options
  const use = { action: 'E', interaction: 'explain-risk', roles: estimators } as const
  const assess = guarded(audit, use, async (request: FastifyRequest) => {
    const asked = request.body as Static<typeof schemas.RiskBody>
    if (asked.patient === undefined && asked.encounter === undefined) {
      throw new AppError('invalid-request', 'Name a patient or an encounter')
    }
    const access = { call, caller: request.caller, signal: request.deadline }
    return explainer.inTurn(async () => {
      const subject = await findSubject(access, asked, clock.now().getTime())
      const stay = observeStay(await observationsOf(access, subject), subject.endMs)
      const { riskModel: model, batchRows, referenceStays } = settings
      const estimate = await estimateRisk(stay, { models, model, batchRows, referenceStays, signal: request.deadline })
      const parts = { subject, stay, estimate }
      const stored = asked.store === false ? undefined : await storeAssessment(access, riskAssessmentOf(parts))
      const entities = [subject.encounter ?? subject.patient, ...(stored === undefined ? [] : [stored])]
      return {
        body: bodyOf(parts, stored),
        entry: { patients: [subject.patient.replace(/^Patient\//, '')], entities },
      }
    })
  })
  return async (app) => {
    for (const path of paths) {
      const schema = { body: schemas.RiskBody, querystring: schemas.NoQuery, response: { 200: schemas.RiskAnswer } }
      app.post(path, { attachValidation: true, bodyLimit: bodyBytes, handlerTimeout: limitMs, schema }, assess)
    }
  }
}
