// The answers of a GGUF file to the exam, from ARIA's engine: greedy, many sessions at once.
import { type ChatMessage, GREEDY, loadModel, type Model } from '@aria/engine'

/** {skill: {part: [[conversation, reference answer]]}} */
export type Exam = Record<string, Record<string, [[ChatMessage['role'], string][], string][]>>
export type Answers = Record<string, Record<string, string[]>>

const AT_ONCE = 16
const FREE_SKILLS: readonly string[] = ['story', 'continue']
const FREE_TOKENS_MAX = 300
const SHORT_TOKENS_MAX = 120

async function answer(model: Model, messages: ChatMessage[], tokensMax: number): Promise<string> {
  const prompt = model.tokenizer.encodeChat(messages)
  const session = model.createSession({
    maxTokens: Math.min(model.info.contextLength, prompt.length + tokensMax),
  })
  try {
    await session.prefill(prompt)
    const room = Math.min(tokensMax, model.info.contextLength - prompt.length)
    return model.tokenizer.decode(await session.decode(room, GREEDY, 0n))
  } finally {
    await session.close()
  }
}

/** `progress` hears of every tenth part that is answered. */
export async function answersOf(
  file: string,
  exam: Exam,
  threads: number,
  progress: (answered: number, of: number) => void,
): Promise<Answers> {
  const model = await loadModel(file, { threads })
  const answers: Answers = {}
  const jobs: (() => Promise<void>)[] = []
  for (const [skill, parts] of Object.entries(exam)) {
    for (const [part, questions] of Object.entries(parts)) {
      const texts = new Array<string>(questions.length).fill('')
      answers[skill] = { ...answers[skill], [part]: texts }
      const most = FREE_SKILLS.includes(skill) ? FREE_TOKENS_MAX : SHORT_TOKENS_MAX
      questions.forEach(([conversation], index) => {
        jobs.push(async () => {
          texts[index] = await answer(
            model,
            conversation.map(([role, content]) => ({ role, content })),
            most,
          )
        })
      })
    }
  }
  const total = jobs.length
  let answered = 0
  const worker = async () => {
    for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) {
      await job()
      answered++
      if (Math.floor((answered * 10) / total) > Math.floor(((answered - 1) * 10) / total))
        progress(answered, total)
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    return answers
  } finally {
    await model.close()
  }
}
