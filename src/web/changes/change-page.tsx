/** One change. */
const ChangePage = ({ id }: { readonly id: string }) => <h1>Change {id}</h1>;
export default ChangePage;
