export async function synth(): Promise<void> {}
