/** What a caller sent for AWS that cannot be signed so that AWS is sure to compute the same signature. */
export type Unsignable = {
  kind: 'unsignable'
  part: 'header' | 'query parameter'
  /** As it came; not bounded. */
  name: string
  /** Goes on a sentence that begins with the part and its name. */
  detail: string
}
