/** Statuses that a client repeats after its delay; all others of 400 and more end its job [Win32 "Handling Server Application Errors"]. */
const transientBelow500 = new Set([408, 409]);
const fatalFrom500 = new Set([501, 505]);

/** Whether an application's status ends the client's job: then it is not asked again. */
export const isFatalStatus = (status: number): boolean =>
  status >= 500 ? fatalFrom500.has(status) : !transientBelow500.has(status);

/** These would have the client show its own credentials, shrink its fragments, or jump to another offset. */
const ofTheClientItself = new Set([401, 407, 413, 416]);

/** Whether a status may be passed on to the client: one that speaks of the upload, and is a failure. */
export const isPassedOn = (status: number): boolean =>
  status >= 400 && status <= 599 && !ofTheClientItself.has(status);
