/** Something new that a row of "Where does a new thing go?" (CONTRIBUTING.md) tells how to add. */

/** `from` becomes `to` in a file; without `from` the file is new. */
export type Edit = { file: string; from?: string; to: string }

export type PlantedThing = {
  /** One step after the other, each with the files that the compiler asks for when it is done. */
  steps: readonly { edits: readonly Edit[]; asks: readonly string[] }[]
  /** A value of the copy, by an expression over names of its files, once everything is planted. */
  effect?: Expression & { prints: unknown }
}

/** `imports`: file → the name that is imported from it. */
export type Expression = { imports: Readonly<Record<string, string>>; value: string }
