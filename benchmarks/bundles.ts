export async function bundles(): Promise<void> {}
