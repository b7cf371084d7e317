/** The treatments that rows of the policy table share. */
import type { Treatment } from './policy-row.ts'

type Harmful = Extract<Treatment, { coolDown: object }>
type Harmless = Extract<Treatment, { coolDown: null }>

/** A passing fault of the service: another deployment is asked at once, or the same one once more. */
export const SERVICE: Harmful = {
  sameTarget: 'once',
  otherTarget: 'yes',
  blame: 'service',
  coolDown: { after: 'many', lasts: 'growing' },
  uncounted: 'none',
  retryClass: 'InternalServerErrorRetries',
}

/** Nothing answered. A second call to the same place may be billed beside the first. */
export const SILENCE: Harmful = {
  ...SERVICE,
  sameTarget: 'no',
  blame: 'network',
  uncounted: 'possible',
  retryClass: null,
}

/** The deployment's quota is used up. Every deployment has a quota of its own, so another one may answer. */
export const QUOTA: Harmful = {
  sameTarget: 'no',
  otherTarget: 'yes',
  blame: 'quota',
  coolDown: { after: 'one', lasts: 'growing' },
  uncounted: 'none',
  retryClass: 'RateLimitErrorRetries',
}

/** The bucket of tokens has no room for this request. */
export const TOKEN_QUOTA: Harmful = { ...QUOTA, coolDown: { after: 'one', lasts: 'growing', bySize: true } }

/** The deployment cannot work as it is configured. */
export const MISCONFIGURED: Harmful = {
  sameTarget: 'no',
  otherTarget: 'yes',
  blame: 'account',
  coolDown: { after: 'one', lasts: 'held' },
  uncounted: 'none',
  retryClass: 'BadRequestErrorRetries',
}

export const FORBIDDEN: Harmful = { ...MISCONFIGURED, retryClass: 'AuthenticationErrorRetries' }

/** Its credentials are refused. The session of an assumed role can be renewed, once; nothing else can. */
export const CREDENTIALS: Harmful = { ...FORBIDDEN, sameTarget: 'refresh-credentials' }

/** Held out unless others were answered just now: the text leaves open whether the deployment or the request is meant. */
export const UNLESS_REFUTED = { after: 'one-unrefuted', lasts: 'held' } as const

/** Every deployment would say the same. */
export const REQUEST: Harmless = {
  sameTarget: 'no',
  otherTarget: 'no',
  blame: 'request',
  coolDown: null,
  uncounted: 'none',
  retryClass: 'BadRequestErrorRetries',
}

/** The model failed on this prompt. Its output varies, so one more try may succeed; it says nothing about the deployment. */
export const MODEL: Harmless = {
  ...REQUEST,
  sameTarget: 'once',
  otherTarget: 'once',
  blame: 'model',
  retryClass: 'InternalServerErrorRetries',
}

/** The model's failure is final: another try would not help and may be billed again. */
export const MODEL_FINAL: Harmless = { ...MODEL, sameTarget: 'no', otherTarget: 'no', retryClass: null }
