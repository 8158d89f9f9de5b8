/** Names of Airflow's variables that a platform's DAGs read. */
export const variables = (platform: string) => {
  const begin = `ingot_${platform.replaceAll('-', '_')}`;
  return { notices: `${begin}_notices`, deadLetters: `${begin}_dead_letters`, spark: `${begin}_spark` };
};
