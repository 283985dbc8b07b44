// What a person is told to do at each urgency, in both languages; authored, not reviewed.
import type { Bilingual, Urgency } from '@xinglin/core/triage'

/** The advice of a level. */
export interface Advice {
  readonly title: Bilingual
  readonly text: Bilingual
}

const advice: Readonly<Record<Urgency, Advice>> = {
  ambulance: {
    title: { en: 'Call an ambulance now', zh: '请立即呼叫救护车' },
    text: {
      en: 'Call your local emergency number (120 in China). Do not drive yourself. Stay with somebody.',
      zh: '请立即拨打当地急救电话（中国大陆为120）。不要自己开车，请让人陪伴。',
    },
  },
  emergency: {
    title: { en: 'Go to the emergency department now', zh: '请立即前往急诊科' },
    text: {
      en: 'Go now, and let somebody bring you. Call an ambulance if it gets worse.',
      zh: '请马上前往并让他人护送；如病情加重，请呼叫救护车。',
    },
  },
  urgent: {
    title: { en: 'See a doctor within a day', zh: '请在24小时内就诊' },
    text: {
      en: 'A visit is booked. Go to the emergency department if it gets worse before.',
      zh: '已为您预约就诊。如在此之前病情加重，请前往急诊科。',
    },
  },
  consultation: {
    title: { en: 'See a doctor in the next days', zh: '请在近几天内就诊' },
    text: {
      en: 'A visit is booked. Ask for an earlier one if it gets worse or does not get better.',
      zh: '已为您预约就诊。如病情加重或不见好转，请提前就诊。',
    },
  },
  'self-care': {
    title: { en: 'You can care for yourself at home', zh: '可在家自我护理' },
    text: {
      en: 'Rest and drink enough. Ask again if it gets worse, or does not get better within a few days.',
      zh: '请注意休息、多饮水。如病情加重或数日内不见好转，请再次咨询。',
    },
  },
}

/** The advice for a level. */
export function adviceFor(level: Urgency): Advice {
  return advice[level]
}
