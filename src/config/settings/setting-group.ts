/** What becomes of a known setting. */

/**
 * - `used`: read by the gateway.
 * - `meaningless`: has no counterpart here; one warning.
 * - `restricts`: LiteLLM refuses or limits calls by it and this gateway does not; an error, for there is no silent bypass.
 * - `unsupported`: decides where a call goes or with whose credentials, in a way that does not exist here; an error.
 * - `judged`: hangs on the value; judged-settings.ts decides.
 */
export type Effect = 'used' | 'meaningless' | 'restricts' | 'unsupported' | 'judged'

/** Settings that share an effect and its reason. `because` completes "…: <because>" and says how to mend. */
export type SettingGroup = { effect: Effect; because: string; names: readonly string[] }
