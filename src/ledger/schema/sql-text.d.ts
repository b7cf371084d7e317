/** SQL files are bundled as text: wrangler's default rule for `.sql`, and the same in every other build of the Worker. */
declare module '*.sql' {
  const text: string

  export { text as default }
}
