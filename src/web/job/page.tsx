/** One job. */
const JobPage = ({ id }: { readonly id: string }) => <h1>Job {id}</h1>;
export default JobPage;
