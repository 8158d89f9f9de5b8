export async function quality(): Promise<void> {}
