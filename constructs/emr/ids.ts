/** Id of the state machine that keeps a streaming job at work. */
export const jobMachineId = 'JobStateMachine';
