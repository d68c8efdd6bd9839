package tmpx
import ("testing";"bytes";"os";"path/filepath";"encoding/json"
"github.com/santhosh-tekuri/jsonschema/v6"
yaml "go.yaml.in/yaml/v4"
)
func untime(n *yaml.Node){ if n.Tag=="!!timestamp"{n.Tag="!!str"}; for _,c:=range n.Content{untime(c)}}
func TestS(t *testing.T){
 raw,_:=os.ReadFile("/tmp/schema.json")
 doc,err:=jsonschema.UnmarshalJSON(bytes.NewReader(raw)); if err!=nil{t.Fatal(err)}
 c:=jsonschema.NewCompiler(); c.AddResource("https://x/y",doc)
 s,err:=c.Compile("https://x/y"); if err!=nil{t.Fatal(err)}
 fs,_:=filepath.Glob("/work/shared/examples/*.yaml")
 more,_:=filepath.Glob("/tmp/resolved-*.yaml")
 for _,f:=range append(fs,more...){
  b,_:=os.ReadFile(f)
  var n yaml.Node; yaml.Load(b,&n); untime(&n)
  var v any; if err:=n.Decode(&v);err!=nil{t.Fatal(err)}
  j,_:=json.Marshal(v); x,_:=jsonschema.UnmarshalJSON(bytes.NewReader(j))
  if err:=s.Validate(x); err!=nil{t.Errorf("%s: %v",f,err)}
 }
}
