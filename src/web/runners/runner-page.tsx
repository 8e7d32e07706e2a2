/** One runner. */
const RunnerPage = ({ name }: { readonly name: string }) => <h1>Runner {name}</h1>;
export default RunnerPage;
