/** What the reading of a configuration hands down to each part of it. */
import type { JsonObject } from '../../base/json.ts'
import type { Issues } from '../issues.ts'
import type { SecretSource } from '../secrets.ts'
import type { Siblings } from '../settings/setting.ts'

export type Reading = {
  source: SecretSource
  issues: Issues
  siblings: Siblings
  /** `credential_values` of `credential_list`, by `credential_name`. */
  credentials: ReadonlyMap<string, JsonObject>
}
