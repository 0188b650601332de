// Carries out what an invocation is told to log, write and throw, and notes what util.format made of it.
import { appendFileSync } from "node:fs";
import { format } from "node:util";

class PaymentDeclined extends Error {
  name = "PaymentDeclined";
}
const ERRORS = { Error, TypeError, RangeError, PaymentDeclined };
const METHODS = { WARN: "warn", INFO: "log", ERROR: "error", DEBUG: "debug", TRACE: "trace", FATAL: "fatal" };

function note(...args) {
  appendFileSync(process.env.CAPTURE_NOTES, JSON.stringify({ at: null, message: format(...args) }) + "\n");
}

function log(level, ...args) {
  note(...args);
  console[METHODS[level]](...args);
}

function charge(step) {
  const options = step.cause ? { cause: new Error(step.cause) } : undefined;
  throw new ERRORS[step.error](step.why, options);
}

async function carryOut(steps) {
  for (const step of steps) {
    switch (step.do) {
      case "log":
        log(step.level, step.text, ...(step.extra ? [step.extra] : []));
        break;
      case "object":
        log("INFO", step.value);
        break;
      case "print":
        process.stdout.write(step.text + "\n");
        break;
      case "caught":
        try {
          charge(step);
        } catch (error) {
          log("ERROR", step.text, error);
        }
        break;
      case "raise":
        charge(step);
        break;
      case "reject":
        Promise.reject(new ERRORS[step.error](step.why));
        await new Promise((resolve) => setTimeout(resolve, 5000));
        break;
      case "sleep":
        await new Promise((resolve) => setTimeout(resolve, step.seconds * 1000));
        break;
      case "exit":
        process.exit(step.code);
    }
  }
}

await carryOut(JSON.parse(process.env.CAPTURE_INIT));

export async function handle(event) {
  await carryOut(event.steps);
  return { statusCode: 200 };
}
