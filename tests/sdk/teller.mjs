// The conversation with the test that started this program: its facts arrive as the first line, a code or an
// address when it is asked for, and what was found out leaves as the last line.
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const hear = async () => JSON.parse((await lines.next()).value)
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n')

export const facts = await hear()

export async function codeSentTo(address) {
  say({ ask: address })
  return hear()
}

// Where the browser of the test is sent in the end, once it has signed in at that address.
export async function browse(url) {
  say({ ask: String(url) })
  return new URL(await hear())
}

export function tell(found) {
  say({ told: found })
}

// How a promise is refused: the error itself. One that is kept is a failure.
export async function refusal(promise) {
  let kept
  try {
    kept = await promise
  } catch (error) {
    return error
  }
  throw new Error(`not refused: ${JSON.stringify(kept)}`)
}
