/** Counting what vitest ran, from its JSON report. https://vitest.dev/guide/reporters.html#json-reporter */
import { readFileSync } from 'node:fs'

export type Counts = { passed: number; failed: number; skipped: number }

type JsonReport = {
  success: boolean
  testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[]
}

/**
 * Counts by test. `mayBeSkipped` decides by a test's name whether its absence is acceptable here; where it is not, the skipped
 * test counts as failed and is named. A file that could not even be collected counts as one failure.
 */
export function countTests(
  reportFile: string,
  mayBeSkipped: (name: string) => boolean,
  log: (line: string) => void,
): Counts {
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as JsonReport
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const file of report.testResults) {
    if (file.status === 'failed' && file.assertionResults.length === 0) counts.failed += 1
    for (const { fullName, status } of file.assertionResults) {
      if (status === 'passed') counts.passed += 1
      else if (status === 'failed') counts.failed += 1
      else if (mayBeSkipped(fullName)) counts.skipped += 1
      else {
        log(`skipped, which counts as a failure here: ${fullName}`)
        counts.failed += 1
      }
    }
  }
  // Errors outside of tests fail the run without failing a test.
  if (!report.success && counts.failed === 0) counts.failed += 1
  return counts
}
