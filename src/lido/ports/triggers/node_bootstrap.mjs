// Runs an unmodified Lambda handler under Node: loads `path/file.function` below the current folder, asks the
// Runtime API for events one by one, and posts what the handler answers or throws, in AWS Lambda's forms.

import { Agent, request } from "node:http";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let current = null;
let whenIdle = null;

function call(method, path, content, errorType) {
  const body = content === undefined ? null : Buffer.from(content);
  const headers = body ? { "Content-Type": "application/json", "Content-Length": body.length } : {};
  if (errorType) headers["Lambda-Runtime-Function-Error-Type"] = encodeURIComponent(errorType);
  return new Promise((done, fail) => {
    const asked = request({ host, port, agent, method, headers, path: `/2018-06-01/runtime/${path}` }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => done({ headers: response.headers, body: Buffer.concat(parts).toString() }));
      response.on("error", fail);
    });
    asked.on("error", fail);
    asked.end(body);
  });
}

function described(error) {
  if (error instanceof Error || (typeof error === "object" && error !== null && "message" in error && "stack" in error)) {
    return { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split("\n") };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

async function load(address) {
  const dot = address.lastIndexOf(".");
  const [stem, name] = [resolve(address.slice(0, dot)), address.slice(dot + 1)];
  const file = [".mjs", ".cjs", ".js"].map((suffix) => stem + suffix).find(existsSync);
  if (!file) throw Object.assign(new Error(`Cannot find module '${address.slice(0, dot)}'`), { name: "Runtime.ImportModuleError" });
  const module = await import(pathToFileURL(file));
  const handler = module[name] ?? module.default?.[name];
  if (typeof handler !== "function") {
    throw Object.assign(new Error(`${address} is undefined or not exported`), { name: "Runtime.HandlerNotFound" });
  }
  return handler;
}

// The answer of one event, by promise, by callback, or by the methods of the context that came before both.
function run(handler, event, context) {
  return new Promise((done, fail) => {
    const finish = (error, result) => (error === undefined || error === null ? done(result) : fail(error));
    const callback = (error, result) => {
      if (context.callbackWaitsForEmptyEventLoop) whenIdle = () => finish(error, result);
      else setImmediate(finish, error, result);
    };
    const atOnce = (error, result) => {
      whenIdle = null;
      finish(error, result);
    };
    context.done = atOnce;
    context.succeed = (result) => atOnce(null, result);
    context.fail = (error) => atOnce(error ?? "handled");
    whenIdle = () => done(undefined); // nothing is left to do, and nobody answered: Lambda answers null
    const answered = handler(event, context, callback);
    if (typeof answered?.then === "function") {
      whenIdle = () => done(undefined);
      answered.then(done, fail);
    }
  });
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

async function post(kind, error) {
  const content = described(error);
  console.error(content.trace.length ? content.trace.join("\n") : content.errorMessage);
  await call("POST", kind, JSON.stringify(content), content.errorType);
}

async function leave(error) {
  try {
    await post(current === null ? "init/error" : `invocation/${current}/error`, error);
  } finally {
    process.exit(1);
  }
}

async function serve(handler) {
  for (;;) {
    const next = await call("GET", "invocation/next");
    const id = (current = next.headers["lambda-runtime-aws-request-id"]);
    try {
      const result = await run(handler, JSON.parse(next.body), contextOf(next.headers));
      await call("POST", `invocation/${id}/response`, JSON.stringify(result === undefined ? null : result) ?? "null");
    } catch (error) {
      await post(`invocation/${id}/error`, error);
    }
    whenIdle = current = null;
  }
}

process.on("uncaughtException", leave);
process.on("unhandledRejection", leave);
process.on("beforeExit", () => {
  const idle = whenIdle;
  whenIdle = null;
  if (idle) setImmediate(idle);
});

let handler = null;
try {
  handler = await load(process.argv[2]);
} catch (error) {
  await leave(error);
}
// When Lido is gone there is nobody to tell.
serve(handler).catch(() => process.exit(1));
